/** A mail as it leaves. */
export interface OutgoingMail {
  /** Distinguishes it from every other mail, the same in every attempt. */
  messageId: string;
  from: { name: string; address: string };
  recipient: string;
  subject: string;
  text: string;
  date: Date;
}

/** Where mails go. */
export abstract class MailTransport {
  /** Resolves once somebody else is responsible for the mail. Until `signal` says that nobody waits any more. */
  abstract send(mail: OutgoingMail, signal: AbortSignal): Promise<void>;

  abstract close(): void;
}
