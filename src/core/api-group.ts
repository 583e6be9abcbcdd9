/** The group of the resource; tags, annotations and the finalizer are named under it. */
export const API_GROUP = 'ses-lambda-pipeline.dev';
