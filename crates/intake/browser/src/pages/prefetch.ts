// Loads what the form needs while a visitor reads the home page, the same for all visitors. One
// file after the other, so that the next page does not wait: a browser drops what it has of a
// compressed file when the page changes.
const paths = document.querySelector<HTMLScriptElement>("script[data-paths]")?.dataset["paths"]?.split(" ") ?? [];

async function load(): Promise<void> {
  for (const path of paths) await (await fetch(path, { priority: "low" })).arrayBuffer();
}

// Without a connection, the next page loads them.
void load().catch(() => undefined);
export {};
