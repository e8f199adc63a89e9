import { defineConfig } from "@playwright/test";

// The browser of the system, without features that connect to other services.
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  globalSetup: "./src/fresh_bundle.ts",
  outputDir: "../../var/browser-tests",
  // Each worker has its own installation and browser. While one waits for a service, the other
  // continues.
  workers: 2,
  // Each command of a day of casework derives keys from a passphrase, beside the other tests.
  timeout: 240_000,
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
