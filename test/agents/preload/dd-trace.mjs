import 'dd-trace/initialize.mjs'
import './dd-trace.cjs'
