import UIStreamSettings from "./UiStreamSettings.vue";

// where FlowFuse Dashboard looks for a widget: by its node type, then by the name in package.json
Object.assign(window, { "ui-stream-settings": { UIStreamSettings } });
