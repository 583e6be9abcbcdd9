/** What to do where the credentials at hand are not those of the controller. */
export const asController = (account: string): string =>
  `Look as the controller does, with its tenants file: --tenants tenants.yaml; or use credentials of account ${account}: --profile, or AWS_PROFILE`;
