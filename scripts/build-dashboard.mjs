// Builds the browsers' half of the dashboard's widgets into resources/, where Node-RED serves it: one file a widget,
// with its styles, because the dashboard loads one file for each. Vue is the dashboard's own. And one file that the
// forms in Node-RED's editor share.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import vue from "@vitejs/plugin-vue";
import { build } from "vite";

/** Puts a widget's styles into its script: the dashboard loads no stylesheet of a widget. */
function stylesInScript() {
  return {
    name: "streampulse-styles-in-script",
    enforce: "post",
    generateBundle(_options, bundle) {
      const files = Object.values(bundle);
      const sheets = files.filter(({ type, fileName }) => type === "asset" && fileName.endsWith(".css"));
      const css = sheets.map(({ source }) => String(source)).join("\n");
      for (const { fileName } of sheets) delete bundle[fileName];
      const script = files.find(({ type }) => type === "chunk");
      const text = JSON.stringify(css);
      script.code =
        `(()=>{const s=document.createElement("style");s.textContent=${text};document.head.append(s)})();\n` +
        script.code;
    },
  };
}

/**
 * @param root the repository
 * @param widgets their node types; each has its entry in dashboard/<type>/vue/index.ts
 */
export async function buildDashboard(root, widgets) {
  const outDir = path.join(root, "resources");
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  for (const widget of widgets) {
    await bundle(root, widget, path.join(root, "dashboard", widget, "vue", "index.ts"));
  }
}

/** The limits and defaults of the forms are those of the schemas, which the compiled field-rules.js reads. */
export async function buildEditor(root) {
  const rules = pathToFileURL(path.join(root, "dist", "dashboard", "ui-stream-settings", "field-rules.js"));
  const { editorRules } = await import(rules);
  const define = { STREAMPULSE_RULES: JSON.stringify(editorRules()) };
  await bundle(root, "streampulse-editor", path.join(root, "editor", "index.ts"), define);
}

function bundle(root, name, entry, define = {}) {
  return build({
    root: path.dirname(entry),
    configFile: false,
    logLevel: "error",
    plugins: [vue(), stylesInScript()],
    define: { "process.env.NODE_ENV": '"production"', ...define },
    build: {
      outDir: path.join(root, "resources"),
      emptyOutDir: false,
      target: "es2022",
      cssCodeSplit: false,
      assetsInlineLimit: 100_000,
      lib: { entry, formats: ["iife"], name: name.replaceAll("-", "_"), fileName: () => `${name}.js` },
      rollupOptions: { external: ["vue"], output: { globals: { vue: "Vue" } } },
    },
  });
}
