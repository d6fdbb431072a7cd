/** The command line cannot be used; said in words for whoever typed it. */
export class UnusableOptions extends Error {}
