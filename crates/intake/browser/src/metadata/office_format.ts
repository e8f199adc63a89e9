// The file extension of a package: by its list of content types, or by its `mimetype` part.

/** Content types of the main part with their file extensions. */
const OFFICE_EXTENSIONS: [string, string][] = [
  ["ms-word.document.macroEnabled.main", "docm"],
  ["ms-word.template.macroEnabledTemplate.main", "dotm"],
  ["wordprocessingml.document.main", "docx"],
  ["wordprocessingml.template.main", "dotx"],
  ["ms-excel.sheet.macroEnabled.main", "xlsm"],
  ["ms-excel.template.macroEnabled.main", "xltm"],
  ["ms-excel.addin.macroEnabled.main", "xlam"],
  ["ms-excel.sheet.binary.macroEnabled.main", "xlsb"],
  ["spreadsheetml.sheet.main", "xlsx"],
  ["spreadsheetml.template.main", "xltx"],
  ["ms-powerpoint.presentation.macroEnabled.main", "pptm"],
  ["ms-powerpoint.slideshow.macroEnabled.main", "ppsm"],
  ["ms-powerpoint.template.macroEnabled.main", "potm"],
  ["ms-powerpoint.addin.macroEnabled.main", "ppam"],
  ["presentationml.presentation.main", "pptx"],
  ["presentationml.slideshow.main", "ppsx"],
  ["presentationml.template.main", "potx"],
  ["presentationml.slide+xml", "sldx"],
  ["ms-visio.drawing.macroEnabled.main", "vsdm"],
  ["ms-visio.drawing.main", "vsdx"],
  ["ms-visio.template.main", "vstx"],
  ["ms-visio.stencil.main", "vssx"],
  ["ms-package.xps-fixeddocumentsequence", "xps"],
  ["openxps.fixeddocumentsequence", "oxps"],
];

/**
 * The end of the media type after `application/vnd.oasis.opendocument.`, and the file extension.
 */
const OPEN_DOCUMENT_EXTENSIONS: Record<string, string> = {
  text: "odt",
  "text-template": "ott",
  "text-master": "odm",
  "text-web": "oth",
  spreadsheet: "ods",
  "spreadsheet-template": "ots",
  presentation: "odp",
  "presentation-template": "otp",
  graphics: "odg",
  "graphics-template": "otg",
  chart: "odc",
  formula: "odf",
  image: "odi",
  base: "odb",
};

/**
 * Returns the file extension of an office package with this list of content types, or with these
 * part names in its first bytes.
 */
export function officeExtension(types: string | undefined, head: string, given: string | undefined): string {
  // In UTF-16, every other byte is zero.
  const list = types?.replaceAll("\0", "") ?? "";
  const found = OFFICE_EXTENSIONS.filter(([type]) => list.includes(type)).map(([, extension]) => extension);
  // A document may embed a workbook. A format with macros has precedence.
  const extension = found.find((known) => known.endsWith("m")) ?? found[0];
  if (extension !== undefined) return extension;
  if (head.includes("word/")) return "docx";
  if (/xl\/(workbook|worksheets)/.test(head)) return "xlsx";
  if (head.includes("ppt/")) return "pptx";
  return given !== undefined && OFFICE_EXTENSIONS.some(([, known]) => known === given) ? given : "docx";
}

/** Returns the file extension of an OpenDocument package that begins with `head`. */
export function openDocumentExtension(head: string, given: string | undefined): string {
  const type = /^PK[^]{28,200}?mimetypeapplication\/vnd\.oasis\.opendocument\.([a-z-]*)/.exec(head)?.[1];
  const extension = type === undefined ? undefined : OPEN_DOCUMENT_EXTENSIONS[type];
  if (extension !== undefined) return extension;
  return given !== undefined && Object.values(OPEN_DOCUMENT_EXTENSIONS).includes(given) ? given : "odt";
}
