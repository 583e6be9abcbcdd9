/** Which service a call goes to, by the name of its client. */
export type ServiceName = 's3' | 'iam' | 'sts' | 'lambda' | 'logs' | 'ses';

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

/** Keeps members of an answer: `{ uploadId: 'UploadId' }`. */
type Keep = Readonly<Record<string, string>>;

type CommandOf = new (...args: never[]) => object;
/** Of a client's package: its commands, by operation. */
type OperationOf<Package> = {
  [Name in keyof Package]: Package[Name] extends CommandOf ? (Name extends `${infer Op}Command` ? Op : never) : never;
}[keyof Package];
type InputOf<Package, Operation extends string> =
  Package extends Record<`${Operation}Command`, infer Command extends CommandOf>
    ? NonNullable<ConstructorParameters<Command>[0]>
    : never;

/** The calls of one service, from the package of its client: `s3('CreateBucket', 'that is new', { Bucket })`. */
export function callsOf<const Package>(service: ServiceName, commands: Package) {
  return <Operation extends OperationOf<Package>>(
    operation: Operation,
    what: string,
    input: InputOf<Package, Operation> | ((memory: Memory) => InputOf<Package, Operation>),
    keep: Keep = {},
  ): ScriptedCall => {
    const Command = (commands as Record<string, new (input: unknown) => object>)[`${operation}Command`];
    if (Command === undefined) throw new Error(`The client of ${service} has no ${operation}.`);
    return {
      id: `${service}:${operation} ${what}`,
      service,
      operation: `${service}:${operation}`,
      command: (memory) => new Command(typeof input === 'function' ? input(memory) : input),
      remember: (output, memory) => {
        for (const [name, member] of Object.entries(keep)) {
          memory.set(name, String((output as Record<string, unknown>)[member]));
        }
      },
    };
  };
}
