import { createTransport } from 'nodemailer';

/** Sends one message to the door of the sandbox. @returns what it answered */
export async function sendMail(smtpPort: number, to: string, subject: string): Promise<string> {
  const transport = createTransport({ host: '127.0.0.1', port: smtpPort, ignoreTLS: true });
  const text = `Hello ${to},\n\nthis body is not in the event; the function finds it in the bucket.\n`;
  const { response } = await transport.sendMail({ from: 'sender@example.com', to, subject, text });
  transport.close();
  return response;
}
