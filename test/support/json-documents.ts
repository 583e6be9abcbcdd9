/** Documents for the standard input of kubectl: one after the other, since older ones read no `---` between JSON. */
export const jsonDocuments = (documents: readonly unknown[]): string =>
  documents.map((each) => JSON.stringify(each)).join('\n');
