/** Which service a call goes to, by the name of its client. */
export type ServiceName = 's3' | 'iam' | 'sts' | 'lambda' | 'ses';

/** What earlier answers gave and later calls need, such as the id of an upload. */
export type Memory = Map<string, string>;

/** One call of a script. `id` is `service:Operation what it is about`, and unique. */
export type ScriptedCall = {
  readonly id: string;
  readonly service: ServiceName;
  readonly operation: string;
  readonly command: (memory: Memory) => object;
  readonly remember: (output: object, memory: Memory) => void;
};

/** Keeps the named members of an answer under their names. */
export type Remember = Readonly<Record<string, (output: never) => string | undefined>>;

/** Makes the calls of one service: `s3('that is new', () => new CreateBucketCommand(…))`. */
export function callsOf(service: ServiceName) {
  return (what: string, command: ScriptedCall['command'], keep: Remember = {}): ScriptedCall => {
    const operation = command(new Map()).constructor.name.replace(/Command$/, '');
    return {
      id: `${service}:${operation} ${what}`,
      service,
      operation: `${service}:${operation}`,
      command,
      remember: (output, memory) => {
        for (const [name, read] of Object.entries(keep)) memory.set(name, read(output as never) ?? '');
      },
    };
  };
}
