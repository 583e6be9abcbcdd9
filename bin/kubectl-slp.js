#!/usr/bin/env node
// What kubectl runs for `kubectl slp`: the same program.
import { start } from './start.js';

await start('kubectl slp');
