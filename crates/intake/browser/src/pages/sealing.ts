// The module of the program that seals a report. It loads once the form is usable.
export { watchFiles } from "./attachments.ts";
export { showReceipt } from "./receipt_page.ts";
export { sendReport } from "./send_report.ts";
