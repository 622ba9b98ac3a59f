// What a small form says, as the JSON of a call.

/** Fields by name; those of `numbers` as numbers, those called `list` as a list of what is ticked, `part/name` as `name` within `part`, empty texts left out. */
export function bodyOf(fields: readonly [string, FormDataEntryValue][], numbers: readonly string[], list?: string): Record<string, unknown> {
  const body: Record<string, unknown> = list ? { [list]: [] } : {};
  for (const [name, value] of fields) {
    if (typeof value !== "string") continue;
    if (name === list) (body[name] as string[]).push(value);
    else if (numbers.includes(name)) body[name] = Number(value);
    else if (name.includes("/")) {
      const [part = "", ...rest] = name.split("/");
      body[part] = { ...(body[part] as Record<string, unknown> | undefined), [rest.join("/")]: value };
    } else if (value !== "") body[name] = value;
  }
  return body;
}
