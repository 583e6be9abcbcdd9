#!/usr/bin/env node
// What kubectl asks while `kubectl slp …` is typed: https://github.com/kubernetes/enhancements/tree/master/keps/sig-cli/2379-kubectl-plugins
import { start } from './start.js';

process.argv.splice(2, 0, '__complete', '--');
await start('kubectl slp');
