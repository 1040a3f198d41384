import { ConfigurationError, EXIT_CONFIGURATION } from "./paths";
import { productSettingsFile } from "./product-settings";

/**
 * The settings file of the product: `node-red --settings dist/runtime/settings.js`. What cannot be started with is
 * said in one sentence, and the exit code tells `npm start` not to try again.
 */
function settings() {
  try {
    return productSettingsFile(process.env, process.cwd());
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(`streampulse: ${error.message}`);
    process.exit(EXIT_CONFIGURATION);
  }
}

const result = settings();
// flows and the programs they start inherit the environment, and need neither
delete process.env.STREAMPULSE_ADMIN_PASSWORD;
delete process.env.STREAMPULSE_API_TOKEN;

const LAST_MOMENT_MS = 5000;

if (process.connected) {
  // a parent that was killed could not say so: Node-RED must not go on without it
  process.once("disconnect", () => {
    process.emit("SIGTERM");
    setTimeout(() => process.exit(1), LAST_MOMENT_MS).unref();
  });
}

export = result;
