/** A schema as the generator writes it; only a few of its keys matter here. */
export interface Schema {
  [key: string]: unknown;
  $ref?: string;
  example?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
}

/** An example of a whole body, put together from the examples of its fields. Fields without one are left out. */
export function sampleOf(schema: Schema, components: Record<string, Schema>): unknown {
  if (schema.example !== undefined) {
    return schema.example;
  }
  if (typeof schema.$ref === 'string') {
    return sampleOf(components[nameOf(schema.$ref)] ?? {}, components);
  }
  const [part] = schema.allOf ?? schema.oneOf ?? [];
  if (part) {
    return sampleOf(part, components);
  }
  if (schema.items) {
    return [sampleOf(schema.items, components)];
  }
  if (schema.properties) {
    return Object.fromEntries(
      Object.entries(schema.properties)
        .map(([name, property]) => [name, sampleOf(property, components)])
        .filter(([, value]) => value !== undefined),
    );
  }
  return isNullable(schema) ? null : undefined;
}

/** `#/components/schemas/Problem` → `Problem`. */
export function nameOf(reference: string): string {
  return reference.split('/').at(-1)!;
}

function isNullable(schema: Schema): boolean {
  return Array.isArray(schema.type) && schema.type.includes('null');
}
