// Rewrites the package.json of the folder it is started in, inside a build stage of the Dockerfile. The lock stays as it
// is: `npm ci` then installs exactly the versions that it names.
//   build    without ffprobe-static's 350 MB: the image has Debian's ffprobe
//   product  also without what only development needs; Node-RED and Dashboard, which are among that, become dependencies
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const PRODUCT = ["node-red", "@flowfuse/node-red-dashboard"];

const stage = process.argv[2];
const content = JSON.parse(readFileSync("package.json", "utf8"));
delete content.optionalDependencies;
if (stage === "product") {
  for (const name of PRODUCT) content.dependencies[name] = content.devDependencies[name];
  delete content.devDependencies;
}
writeFileSync("package.json", `${JSON.stringify(content, null, 2)}\n`);
