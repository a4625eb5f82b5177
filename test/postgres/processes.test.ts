import { postgres } from '../engines/engine.ts'
import { testProcesses } from '../engines/processes.ts'

testProcesses(postgres)
