export class AccessTokenRestResponse {
  /** @example "tgaNhqPaZgfmRLxcBvYS0Kx3uVwq6cX1ZrTq8b2DfA7Hn4" */
  access_token!: string;
}
