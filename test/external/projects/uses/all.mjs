// Uses each package that is named once, and prints what came of it.
for (const name of process.argv.slice(2)) {
  try {
    await import(`./${name}.mjs`)
    console.log(`${name} works`)
  } catch (error) {
    console.log(`${name} fails: ${error?.code ?? ''} ${error?.message ?? error}`)
  }
}
// What a use that failed left open must not keep the process.
process.exit()
