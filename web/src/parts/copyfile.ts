// A customer's copy as one file that stands alone: it runs nothing and fetches nothing.

/** The copy as a page that stands alone: no code, nothing that is fetched, everything unfolded. */
export function fileOf(article: Element, lang: string, title: string): string {
  const copy = article.cloneNode(true) as Element;
  for (const each of copy.querySelectorAll("button, .no-paper")) each.remove();
  for (const each of copy.querySelectorAll("details")) each.setAttribute("open", "");
  return pageOf(copy.outerHTML, lang, title);
}

export const pageOf = (body: string, lang: string, title: string): string =>
  `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${title.replace(/[<&]/g, "")}</title><style>body{font:16px/1.7 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;border-bottom:1px solid #ccc;padding:.4rem .6rem .4rem 0;vertical-align:top}dt{color:#555}dd{margin:0 0 .5rem}.note,.soft{color:#555}.block,td .note{display:block}blockquote{white-space:pre-line;border-left:3px solid #999;margin:.5rem 0;padding-left:1rem}.digest{font-family:monospace;overflow-wrap:anywhere}</style>${body}</html>`;
