import { z } from 'zod';
import { cel } from './cel.ts';
import { GREEN } from './names.ts';

/** SES's documents disagree whether 64 characters pass. */
const MAX_SET_NAME = 63;
const GREEN_IS_RESERVED = `must not end in ${GREEN}: ruleSet.rollout: BlueGreen makes such a name of that of the set`;
const GREEN_HAS_NO_ROOM = `must be at most ${MAX_SET_NAME - GREEN.length} characters long, so that ${GREEN} can be added for ruleSet.rollout: BlueGreen`;

/** `spec.ruleSet`. */
export const ruleSet = z
  .strictObject({
    name: z
      .string()
      .max(MAX_SET_NAME)
      .regex(
        /^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$/,
        'must be made of letters, digits, _ and -, and begin and end with a letter or digit',
      )
      .default('ses-lambda-pipeline')
      .describe('The rule set; other rules may be in it.'),
    create: z.boolean().default(true).describe('Create the rule set when it does not exist.'),
    activate: z
      .enum(['IfNone', 'Always', 'Never'])
      .default('IfNone')
      .describe('One rule set is active for an account and region. IfNone: activate ours only when none is active.'),
    position: z
      .enum(['Head', 'Tail'])
      .default('Head')
      .describe('Where our first rules go in a set with other rules; later ones go beside ours.'),
    priority: z.int().min(-1000).max(1000).default(0).describe('Pipelines with a lower number come first in the set.'),
    onDelete: z
      .enum(['Retain', 'DeleteWhenEmpty'])
      .default('Retain')
      .describe('DeleteWhenEmpty: a set that our deletion empties is switched off and deleted.'),
    rollout: z
      .enum(['InPlace', 'BlueGreen'])
      .default('InPlace')
      .describe(
        'InPlace: rules are changed one after the other. BlueGreen: changes are made in a clone of the set, which then becomes the active one; every pipeline of the set must say so.',
      ),
  })
  .refine(({ name }) => !name.endsWith(GREEN), { path: ['name'], message: GREEN_IS_RESERVED })
  .refine(({ name, rollout }) => rollout !== 'BlueGreen' || name.length <= MAX_SET_NAME - GREEN.length, {
    path: ['name'],
    message: GREEN_HAS_NO_ROOM,
  })
  .meta({
    description: 'The receipt rule set, shared with others in the account and region.',
    ...cel(
      { rule: `!has(self.name) || !self.name.endsWith('${GREEN}')`, message: GREEN_IS_RESERVED },
      {
        rule: `!has(self.name) || !has(self.rollout) || self.rollout != 'BlueGreen' || size(self.name) <= ${MAX_SET_NAME - GREEN.length}`,
        message: GREEN_HAS_NO_ROOM,
      },
    ),
  });
