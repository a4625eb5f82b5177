type Parse = (text: string) => unknown

/** Postgres's ids of the types that pg-boss and we read as something else than text. */
const PARSERS: Readonly<Record<number, Parse>> = {
  16: (text) => text === 't', // bool
  21: Number, // int2
  23: Number, // int4
  26: Number, // oid
  114: (text) => JSON.parse(text), // json
  700: Number, // float4
  701: Number, // float8
  1007: (text) => toArray(text).map((element) => element && Number(element)), // int4[]
  1009: toArray, // text[]
  1016: toArray, // int8[]
  1184: toDate, // timestamptz
  2951: toArray, // uuid[]
  3802: (text) => JSON.parse(text), // jsonb
}

/**
 * How the results of our statements, and of pg-boss's, are read, in place of the parsers that the user gave to pg or to the
 * pool: a uuid that comes as a Buffer is found nowhere, and a job whose data is a text is no callback.
 */
export function parserOf(oid: number, format = 'text'): Parse {
  // An error only where there is a value: pg expects none here, and the process would end.
  if (format !== 'text') return refuseBinary
  return PARSERS[oid] ?? String
}

/** As pg does, null in a DateStyle that is not ISO, and for what no Date can be. What we ask for ourselves are numbers. */
function toDate(text: string): Date | null {
  const date = new Date(/^\d{4}-/.test(text) ? text : NaN)
  return Number.isNaN(date.getTime()) ? null : date
}

function refuseBinary(): never {
  throw new Error('the pool hands over results in binary, which cannot be read here')
}

/** Of what needs no quotes but NULL, or of what has them. */
function toArray(text: string): (string | null)[] {
  const elements = text.matchAll(/"((?:[^"\\]|\\.)*)"|[^{},]+/gs)
  return Array.from(elements, ([element, quoted]) => {
    if (quoted !== undefined) return quoted.replaceAll(/\\(.)/gs, '$1')
    return element === 'NULL' ? null : element
  })
}
