import type { FaultControls } from './faults.ts';
import { FaultSettingsError, NO_FAULTS, readFaultSettings } from './fault-settings.ts';
import type { Call, Reply } from './service.ts';
import { jsonReply } from './wire/rest-json.ts';

/** `/_sandbox/faults`: GET shows what is on, PUT replaces it, DELETE ends all trouble. */
export function createFaultPage(
  faults: Pick<FaultControls, 'configure' | 'settings' | 'reset'>,
): (call: Call) => Reply {
  return ({ method, body }) => {
    switch (method) {
      case 'GET':
        return jsonReply(200, faults.settings());
      case 'PUT':
        return configured(faults, body.toString('utf8'));
      case 'DELETE':
        faults.reset();
        return jsonReply(200, NO_FAULTS);
      default:
        return jsonReply(405, { message: 'Faults are read with GET, replaced with PUT and ended with DELETE.' });
    }
  };
}

function configured(faults: Pick<FaultControls, 'configure' | 'settings'>, text: string): Reply {
  try {
    faults.configure(readFaultSettings(JSON.parse(text)));
    return jsonReply(200, faults.settings());
  } catch (error) {
    if (error instanceof FaultSettingsError) return jsonReply(400, { message: error.message });
    if (error instanceof SyntaxError) return jsonReply(400, { message: `The body is not JSON: ${error.message}` });
    throw error;
  }
}
