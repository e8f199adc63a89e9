import { defineConfig } from "@playwright/test";

// Debian's browser, and nothing that talks to anybody but the services under test.
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../../var/browser-tests",
  // Each with an installation and a browser of its own: while one waits for a service, the other
  // goes on.
  workers: 2,
  timeout: 120_000,
  reporter: [["list"]],
  use: {
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    viewport: { width: 360, height: 760 },
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
});
