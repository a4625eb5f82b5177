// Preloaded into every server: it ends when whoever started it is gone, be it by a SIGKILL.
process.once('disconnect', () => process.exit())
