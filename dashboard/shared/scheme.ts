import { onScopeDispose, ref, type Ref } from "vue";

export type Scheme = "light" | "dark";

const DARK = "(prefers-color-scheme: dark)";

/**
 * Whether to show light or dark: on a page of our own by the system's setting, on somebody's page as that page is.
 * To be called in the setup of a component.
 * @param ownPage the page's colours are ours too
 */
export function useScheme(ownPage: boolean): Ref<Scheme> {
  const scheme = ref<Scheme>("light");
  const media = matchMedia(DARK);
  const look = () => {
    const isDark = ownPage ? media.matches : isPageDark();
    scheme.value = isDark ? "dark" : "light";
  };
  look();
  media.addEventListener("change", look);
  onScopeDispose(() => media.removeEventListener("change", look));
  return scheme;
}

/** Dashboard's theme names its colours as "r,g,b". */
function isPageDark(): boolean {
  const app = document.querySelector(".v-application") ?? document.documentElement;
  const color = getComputedStyle(app).getPropertyValue("--v-theme-group-background");
  const [red = 255, green = 255, blue = 255] = color.split(",").map(Number);
  return red * 0.299 + green * 0.587 + blue * 0.114 < 125;
}
