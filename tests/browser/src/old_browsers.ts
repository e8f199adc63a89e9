// Old WebViews and Opera Mini, which do not know newer features of CSS.
import type { BrowserContext } from "@playwright/test";

const NEW_SELECTOR = /:has\(|:is\(|:where\(|:focus-visible/;
const NEW_PROPERTY = /^--|-(inline|block)(-|$)|^(inline|block|min-inline|min-block|max-inline|max-block)-size$|^inset|^place-|^grid|^(row-|column-)?gap$|^columns$|^accent-color$|^text-(wrap|underline-offset)$|^clip-path$|^unicode-bidi$/;
const NEW_VALUE = /\b(var|env|min|max|clamp|color-mix|light-dark|oklch|oklab)\(|\b(inline-)?grid\b|\banywhere\b|\d[dsl]v[hw]\b/;

/** Returns the style sheet as a browser applies it that ignores what it does not know. */
export function withoutNewFeatures(css: string): string {
  return css.replaceAll(/([^{}]+)\{([^{}]*)\}/g, (_, selector: string, body: string) => {
    if (NEW_SELECTOR.test(selector)) return "";
    const known = body.split(";").filter((declaration) => {
      const [name, value] = declaration.split(/:(.*)/s);
      return name && value && !NEW_PROPERTY.test(name.trim()) && !NEW_VALUE.test(value);
    });
    return `${selector}{${known.join(";")}}`;
  });
}

/** Serves the style sheet without newer features to all pages. */
export async function serveOldStyle(context: BrowserContext): Promise<void> {
  await context.route("**/assets/site.*.css", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: withoutNewFeatures(await response.text()) });
  });
}
