/** What the service says of a CSV's lines, and those lines. */

export interface LineFault {
  line: number;
  fault: string;
}

/** The faults in the message of a refused upload: `line 3: … · line 7: …`. None where it is about something else. */
export function faultsOf(message: string): LineFault[] {
  return message.split(" · ").flatMap((part) => {
    const [, line, fault] = /^line (\d+): (.*)$/s.exec(part.trim()) ?? [];
    return line === undefined || fault === undefined ? [] : [{ line: Number(line), fault }];
  });
}

/** The header and these lines of a file: what is to be mended. A record whose quotes hold a line's end goes on. */
export function linesOf(text: string, wanted: readonly number[]): string {
  const lines = text.split(/\r\n|\n|\r/);
  const header = lines[0] ?? "";
  const rows = [...new Set(wanted)].filter((line) => line > 1).map((line) => lines[line - 1] ?? "");
  return `${[header, ...rows].join("\n")}\n`;
}
