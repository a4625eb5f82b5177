import { postgres } from '../engines/engine.ts'
import { testFaults } from '../engines/faults.ts'

testFaults(postgres)
