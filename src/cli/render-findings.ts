import { createColors } from 'picocolors';
import type { Finding, Outcome } from '../diagnosis/finding.ts';
import type { Mark, TreeNode } from '../diagnosis/trace-tree.ts';
import { clean } from './render-problems.ts';

const SIGNS: Readonly<Record<Mark, { readonly sign: string; readonly colour: 'green' | 'red' | 'yellow' | 'dim' }>> = {
  good: { sign: '✓', colour: 'green' },
  bad: { sign: '✗', colour: 'red' },
  noted: { sign: '!', colour: 'yellow' },
  unknown: { sign: '?', colour: 'dim' },
};

const MARK_OF: Readonly<Record<Outcome, Mark>> = { ok: 'good', warn: 'noted', fail: 'bad', unknown: 'unknown' };

type Paint = ReturnType<typeof createColors>;

/** The sign of a mark, in its colour where there are any. */
const signOf = (mark: Mark, paint: Paint): string => paint[SIGNS[mark].colour](SIGNS[mark].sign);

/** `✗ RulesReady AccessDenied: …` and below it the next step. */
export function renderFinding({ check, outcome, about, reason, message, todo }: Finding, colours: boolean): string[] {
  const paint = createColors(colours);
  const because = outcome === 'ok' || reason === undefined ? '' : ` ${reason}`;
  const what = `${check}${because}${about === undefined ? '' : ` (${clean(about)})`}`;
  return [
    `${signOf(MARK_OF[outcome], paint)} ${paint.bold(what)}: ${clean(message)}`,
    ...(todo === undefined ? [] : [`  ${paint.dim('next:')} ${clean(todo)}`]),
  ];
}

/** A tree as `tree` draws it. */
export function renderTree(nodes: readonly TreeNode[], colours: boolean): string[] {
  const paint = createColors(colours);
  const draw = (node: TreeNode, before: string, isLast: boolean): string[] => {
    const mark = node.mark === undefined ? '' : `${signOf(node.mark, paint)} `;
    const below = node.below ?? [];
    return [
      `${paint.dim(`${before}${isLast ? '└─' : '├─'}`)} ${mark}${clean(node.text).replaceAll('\n', ' ')}`,
      ...below.flatMap((child, index) => draw(child, `${before}${isLast ? '   ' : '│  '}`, index === below.length - 1)),
    ];
  };
  return nodes.flatMap((node, index) => draw(node, '', index === nodes.length - 1));
}
