import type Router from '@koa/router'
import type { RouterMiddleware } from '@koa/router'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import type mount from 'koa-mount'
import type { Bystander, Form } from './form.ts'

export interface KoaKit {
  app: Koa
  Koa: typeof Koa
  Router: typeof Router
  mount: typeof mount
  /** The receiver, or what wraps it. */
  luma: Middleware
}

/** What goes into a router is a middleware for an application too; the router's types do not know. */
type Handler = RouterMiddleware

const pass: Middleware = (_context, next) => next()

function routes({ Router: Maker }: KoaKit, add: (router: Router) => Router, prefix?: string): Middleware {
  return add(new Maker(prefix === undefined ? {} : { prefix })).routes() as unknown as Middleware
}

export const koaForms: readonly Form<KoaKit>[] = [
  {
    name: 'app.use(luma)',
    at: '/luma-modify-callback',
    hidden: 'answered',
    put: ({ app, luma }) => void app.use(luma),
  },
  {
    name: 'mount(path, luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, mount, luma }) => void app.use(mount('/hooks/luma', luma)),
  },
  {
    name: 'mount(path, application with luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, Koa, mount, luma }) => void app.use(mount('/hooks/luma', new Koa().use(luma))),
  },
  {
    name: 'router.post(path, luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: (kit) => void kit.app.use(routes(kit, (router) => router.post('/hooks/luma', kit.luma as Handler))),
  },
  {
    name: 'router.post(path, pass, luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: (kit) =>
      void kit.app.use(routes(kit, (router) => router.post('/hooks/luma', pass as Handler, kit.luma as Handler))),
  },
  {
    name: 'router.post([path, path], luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: (kit) =>
      void kit.app.use(routes(kit, (router) => router.post(['/other', '/hooks/luma'], kit.luma as Handler))),
  },
  {
    name: 'router.post(regexp, luma)',
    at: '/hooks/luma',
    hidden: 'if it shows',
    put: (kit) => void kit.app.use(routes(kit, (router) => router.post(/^\/hooks\/lu/, kit.luma as Handler))),
  },
  {
    name: 'router.post(/luma/:tenant, luma)',
    at: '/luma/acme',
    hidden: 'answered',
    put: (kit) => void kit.app.use(routes(kit, (router) => router.post('/luma/:tenant', kit.luma as Handler))),
  },
  {
    name: 'router.all(path, luma)',
    at: '/hooks/luma',
    hidden: 'if it shows',
    put: (kit) => void kit.app.use(routes(kit, (router) => router.all('/hooks/luma', kit.luma as Handler))),
  },
  {
    name: 'router.all(everything, luma)',
    at: '/hooks/luma',
    hidden: 'warned',
    put: (kit) => void kit.app.use(routes(kit, (router) => router.all('/{*rest}', kit.luma as Handler))),
  },
  {
    name: 'router.register(path, [GET, POST], luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: (kit) =>
      void kit.app.use(
        routes(kit, (router) => {
          router.register('/hooks/luma', ['GET', 'POST'], kit.luma as Handler)
          return router
        }),
      ),
  },
  {
    name: 'a router with a prefix',
    at: '/hooks/luma',
    hidden: 'answered',
    put: (kit) => void kit.app.use(routes(kit, (router) => router.post('/luma', kit.luma as Handler), '/hooks')),
  },
  {
    name: 'a router with something used in it',
    at: '/hooks/luma',
    hidden: 'answered',
    put: (kit) =>
      void kit.app.use(routes(kit, (router) => router.use(pass as Handler).post('/hooks/luma', kit.luma as Handler))),
  },
  {
    name: 'a router in a router, with parameters of both',
    at: '/api/tenants/acme/luma',
    hidden: 'answered',
    put: (kit) => {
      const inner = routes(kit, (router) => router.post('/luma', kit.luma as Handler))
      kit.app.use(routes(kit, (router) => router.use('/api/tenants/:tenant', inner as Handler)))
    },
  },
  {
    name: 'a router in a mounted application',
    at: '/api/hooks/luma',
    hidden: 'answered',
    put: (kit) => {
      const inner = new kit.Koa().use(routes(kit, (router) => router.post('/hooks/luma', kit.luma as Handler)))
      kit.app.use(kit.mount('/api', inner))
    },
  },
  {
    name: 'mount(path, luma) in a route',
    at: '/hooks/luma',
    hidden: 'answered',
    put: (kit) =>
      void kit.app.use(
        routes(kit, (router) => router.all('/hooks/{*rest}', kit.mount('/hooks/luma', kit.luma) as Handler)),
      ),
  },
  {
    name: 'router.post(path, luma) behind a logger of everything',
    at: '/hooks/luma',
    hidden: 'answered',
    put: (kit) =>
      void kit.app.use(
        routes(kit, (router) => router.all('/{*rest}', pass as Handler).post('/hooks/luma', kit.luma as Handler)),
      ),
  },
  {
    name: 'router.post(path, luma) behind router.all of the same path',
    at: '/hooks/luma',
    hidden: 'answered',
    put: (kit) =>
      void kit.app.use(
        routes(kit, (router) => router.all('/hooks/luma', pass as Handler).post('/hooks/luma', kit.luma as Handler)),
      ),
  },
]

/** One route in front of the receiver, another one behind it, each in a router of its own. */
function around(kit: KoaKit & { other: Middleware }, before: (router: Router) => Router): void {
  kit.app.use(routes(kit, before)).use(kit.luma)
  kit.app.use(routes(kit, (router) => router.post('/api/orders', kit.other as Handler)))
}

export const koaBystanders: readonly Bystander<KoaKit>[] = [
  {
    name: 'a route behind app.use(luma)',
    at: '/api/orders',
    put: (kit) => around(kit, (router) => router),
  },
  {
    name: 'a route behind a logger of everything and app.use(luma)',
    at: '/api/orders',
    put: (kit) => around(kit, (router) => router.all('/{*rest}', pass as Handler)),
  },
  {
    name: 'a route behind router.all of its path and app.use(luma)',
    at: '/api/orders',
    put: (kit) => around(kit, (router) => router.all('/api/orders', pass as Handler)),
  },
  {
    name: 'a route behind router.post of its path and app.use(luma)',
    at: '/api/orders',
    put: (kit) => around(kit, (router) => router.post('/api/orders', pass as Handler)),
  },
  {
    name: 'a route behind router.post(/api/:thing) and app.use(luma)',
    at: '/api/orders',
    put: (kit) => around(kit, (router) => router.post('/api/:thing', pass as Handler)),
  },
  {
    name: 'a route in a router behind router.use(luma)',
    at: '/api/orders',
    put: (kit) =>
      void kit.app.use(
        routes(kit, (router) =>
          router
            .post('/api/orders', pass as Handler)
            .use(kit.luma as Handler)
            .post('/api/orders', kit.other as Handler),
        ),
      ),
  },
  {
    name: 'a route below the mount point of mount(path, luma)',
    at: '/hooks/orders',
    put: (kit) => {
      kit.app.use(kit.mount('/hooks', kit.luma))
      kit.app.use(routes(kit, (router) => router.post('/hooks/orders', kit.other as Handler)))
    },
  },
  {
    name: "the POST of a path whose GET is luma's, and app.use(luma)",
    at: '/api/orders',
    put: (kit) =>
      around(kit, (router) => router.get('/api/orders', kit.luma as Handler).post('/api/orders', pass as Handler)),
  },
]
