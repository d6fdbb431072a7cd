/** `{}` or no body at all; any field is refused. */
export class NoFieldsRequest {}
