/** The commands that inboxes and dedupe stores use, those among them that BullMQ's and our scripts call, for `ACL SETUSER`. */
export const RIGHTS: string = [
  '+bzpopmin +del +eval +evalsha +exec +exists +get +hdel +hexists +hget +hgetall +hincrby +hmget +hmset',
  '+hset +incr +incrby +lindex +llen +lpos +lpush +lrange +lrem +lset +ltrim +mget +multi +persist +pexpire',
  '+ping +pttl +rpop +rpoplpush +rpush +sadd +scard +set +smembers +srem +time +type +unwatch +watch +xadd',
  '+xtrim +zadd +zcard +zcount +zpopmin +zrange +zrangebyscore +zrem +zremrangebyrank +zremrangebyscore',
  '+zrevrange +zrevrangebyscore +zrevrank +zscore',
].join(' ')

/** Redis refuses what a user has no right to, also within a script. */
export function isForbidden({ message }: Error): boolean {
  return /NOPERM|ACL failure in script|can't run this command/.test(message)
}

/** An error; where a right is missing, one that says which are needed. */
export function explained(error: Error): Error {
  if (!isForbidden(error) || error.message.includes(RIGHTS)) return error
  const needed = `This is what a user of Redis needs, for the keys that begin with the prefix: ${RIGHTS}`
  return new Error(`${error.message}. ${needed}`, { cause: error })
}
