import { redis } from '../engines/engine.ts'
import { testFaults } from '../engines/faults.ts'

testFaults(redis)
