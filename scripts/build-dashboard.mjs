// Builds the browsers' half of the dashboard's widgets into resources/, where Node-RED serves it: one file a widget,
// with its styles, because the dashboard loads one file for each. Vue is the dashboard's own.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
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
    await build({
      root: path.join(root, "dashboard"),
      configFile: false,
      logLevel: "error",
      plugins: [vue(), stylesInScript()],
      define: { "process.env.NODE_ENV": '"production"' },
      build: {
        outDir,
        emptyOutDir: false,
        target: "es2022",
        cssCodeSplit: false,
        assetsInlineLimit: 100_000,
        lib: {
          entry: path.join(root, "dashboard", widget, "vue", "index.ts"),
          formats: ["iife"],
          name: widget.replaceAll("-", "_"),
          fileName: () => `${widget}.js`,
        },
        rollupOptions: { external: ["vue"], output: { globals: { vue: "Vue" } } },
      },
    });
  }
}
