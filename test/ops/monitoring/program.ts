import { spawnSync } from 'node:child_process';

/**
 * A program of Debian's package `prometheus`, ready to be called.
 * @throws {Error} that says what to install
 */
export function program(name: 'promtool' | 'prometheus'): string {
  const { error } = spawnSync(name, ['--version'], { stdio: 'ignore' });
  if (error === undefined) return name;
  throw new Error(
    `${name} is not installed. Debian and Ubuntu: apt-get install prometheus; elsewhere: https://prometheus.io/download`,
  );
}
