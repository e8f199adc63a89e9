// Draws the receipt code as a QR code as the server does: dark modules are lines of a path.
import encodeQR from "qr";

/** Width of the light border in modules (ISO/IEC 18004). */
const QUIET_ZONE = 4;

/** Draws a text into an `svg` that contains one path. */
export function drawQr(svg: SVGElement, text: string): void {
  const modules = encodeQR(text, "raw", { ecc: "medium", border: QUIET_ZONE });
  svg.setAttribute("viewBox", `0 0 ${modules.length} ${modules.length}`);
  svg.querySelector("path")?.setAttribute("d", darkModules(modules));
}

/** Returns each run of dark modules in a row as a line one module high. */
function darkModules(modules: readonly boolean[][]): string {
  return modules
    .flatMap((row, y) => Array.from(row.map((dark) => (dark ? "1" : "0")).join("").matchAll(/1+/g), ({ 0: run, index }) => `M${index} ${y}.5h${run.length}`))
    .join("");
}
