/** Where what came of a file begins in a bundle, and which file that was. */
interface Section {
  line: number;
  path: string;
}

/** As esbuild writes it above what came of a file. */
const HEADING = /^\/\/ (\S*(?:node_modules|dist)\/\S+)$/;

/** Which file of a bundle its lines came of; line 0 is the first. Undefined above all of them: esbuild's own part. */
export function filesOfBundle(text: string): (line: number) => string | undefined {
  const sections = text.split('\n').flatMap((content, line): Section[] => {
    const [, path] = HEADING.exec(content) ?? [];
    return path === undefined ? [] : [{ line, path }];
  });
  return (line) => sections.findLast((section) => section.line <= line)?.path;
}
