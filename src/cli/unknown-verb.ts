import type { Command } from 'commander';

/**
 * Refuses `sandbox mial` and `help pln`, which the parser takes for an operand: `sandbox` and `dev` do something by
 * themselves too, and help of nothing is help of everything.
 *
 * @throws {CommanderError} after it was told
 */
export async function refuseUnknownVerb(program: Command, [first = '', second = '']: readonly string[]): Promise<void> {
  const within = first === 'help' ? program : program.commands.find((command) => command.name() === first);
  if (within === undefined || within.commands.length === 0 || second === '' || second.startsWith('-')) return;
  const verbs = [...within.commands.map((command) => command.name()), 'help'].filter((name) => !name.startsWith('_'));
  if (verbs.includes(second)) return;
  const { nearestNames } = await import('../files/nearest-names.ts');
  const [meant] = nearestNames(second, verbs);
  const whose = first === 'help' ? '' : ` of ${first}`;
  const advice = meant === undefined ? `there are ${verbs.join(', ')}` : `did you mean ${meant}?`;
  within.error(`error: unknown command '${second}'${whose}: ${advice}`);
}
