// Given to node with --import: writes the name of the package of each module that is loaded to a file.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  load: (url, context, nextLoad) => {
    const [, name] = /node_modules\/((?:@[\w.-]+\/)?[\w.-]+)/.exec(url) ?? [];
    if (name !== undefined) appendFileSync(process.env.LOADED_PACKAGES_FILE, `${name}\n`);
    return nextLoad(url, context);
  },
});
