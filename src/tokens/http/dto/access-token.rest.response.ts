export class AccessTokenRestResponse {
  /** @example "NhqPaZgfmRLxcBvYS..." */
  access_token!: string;
}
