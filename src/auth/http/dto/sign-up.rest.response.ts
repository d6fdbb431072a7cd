export class SignUpRestResponse {
  /** @example "If this address was not registered yet, it is now, and you can log in. Otherwise its owner gets a mail." */
  message!: string;
}
