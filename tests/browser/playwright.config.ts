import { defineConfig } from "@playwright/test";

// Debian's browser, and nothing that talks to anybody but the services under test.
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../../var/browser-tests",
  // One installation for all: two cores are busy enough with one browser and two services.
  workers: 1,
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
