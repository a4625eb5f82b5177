import type express from 'express'
import type { RequestHandler } from 'express'
import type { Bystander, Form } from './form.ts'

export interface ExpressKit {
  app: express.Express
  express: typeof express
  /** The receiver, or what wraps it. */
  luma: RequestHandler
  /** The path of a route for everything, as this major writes it. */
  everything: string
}

const pass: RequestHandler = (_request, _response, next) => next()

export const expressForms: readonly Form<ExpressKit>[] = [
  {
    name: 'app.use(luma)',
    at: '/luma-modify-callback',
    hidden: 'answered',
    put: ({ app, luma }) => void app.use(luma),
  },
  {
    name: 'app.use([pass, luma])',
    at: '/luma-modify-callback',
    hidden: 'answered',
    put: ({ app, luma }) => void app.use([pass, luma]),
  },
  {
    name: 'app.use(path, luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.use('/hooks/luma', luma),
  },
  {
    name: 'app.use(regexp, luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.use(/^\/hooks\/luma/, luma),
  },
  {
    name: 'app.post(path, luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.post('/hooks/luma', luma),
  },
  {
    name: 'app.post(path, [pass, luma])',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.post('/hooks/luma', [pass, luma]),
  },
  {
    name: 'app.post(path, pass, luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.post('/hooks/luma', pass, luma),
  },
  {
    name: 'app.post([path, path], luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.post(['/other', '/hooks/luma'], luma),
  },
  {
    name: 'app.post(regexp, luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.post(/^\/hooks\/lu/, luma),
  },
  {
    name: 'app.post(/luma/:tenant, luma)',
    at: '/luma/acme',
    hidden: 'answered',
    put: ({ app, luma }) => void app.post('/luma/:tenant', luma),
  },
  {
    name: 'app.route(path).post(luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.route('/hooks/luma').get(pass).post(luma),
  },
  {
    name: 'app.route(path).all(pass).post(luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.route('/hooks/luma').all(pass).post(luma),
  },
  {
    name: 'app.route(path).all(luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.route('/hooks/luma').all(luma),
  },
  {
    name: 'app.all(path, luma)',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.all('/hooks/luma', luma),
  },
  {
    name: 'router.post(path, luma), with parameters of two routers',
    at: '/api/tenants/acme/luma',
    hidden: 'answered',
    put: ({ app, express, luma }) =>
      void app.use('/api/tenants/:tenant', express.Router({ mergeParams: true }).post('/luma', luma)),
  },
  {
    name: "router.post('/', luma)",
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, express, luma }) => void app.use('/hooks/luma', express.Router().post('/', luma)),
  },
  {
    name: 'router.use(luma)',
    at: '/api/luma-modify-callback',
    hidden: 'answered',
    put: ({ app, express, luma }) => void app.use('/api', express.Router().use(luma)),
  },
  {
    name: 'a router in a router, router.use(path, luma)',
    at: '/api/hooks/luma',
    hidden: 'answered',
    put: ({ app, express, luma }) =>
      void app.use('/api', express.Router().use('/hooks', express.Router().use('/luma', luma))),
  },
  {
    name: 'an application in an application, inner.post(path, luma)',
    at: '/api/hooks/luma',
    hidden: 'answered',
    put: ({ app, express, luma }) => void app.use('/api', express().post('/hooks/luma', luma)),
  },
  {
    name: 'app.post(path, luma) behind a logger of everything',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, everything, luma }) => void app.all(everything, pass).post('/hooks/luma', luma),
  },
  {
    name: 'app.all(everything, luma)',
    at: '/hooks/luma',
    hidden: 'warned',
    put: ({ app, everything, luma }) => void app.all(everything, luma),
  },
  {
    name: 'app.use(path, luma) behind a route for the same path',
    at: '/hooks/luma',
    hidden: 'answered',
    put: ({ app, luma }) => void app.all('/hooks/luma', pass).use('/hooks/luma', luma),
  },
]

export const expressBystanders: readonly Bystander<ExpressKit>[] = [
  {
    name: 'a route behind app.use(luma)',
    at: '/api/orders',
    put: ({ app, luma, other }) => void app.use(luma).post('/api/orders', other),
  },
  {
    name: 'a route behind a logger of everything and app.use(luma)',
    at: '/api/orders',
    put: ({ app, everything, luma, other }) => void app.all(everything, pass).use(luma).post('/api/orders', other),
  },
  {
    name: 'a route behind app.all of its path and app.use(luma)',
    at: '/api/orders',
    put: ({ app, luma, other }) => void app.all('/api/orders', pass).use(luma).post('/api/orders', other),
  },
  {
    name: 'a route behind app.post of its path and app.use(luma)',
    at: '/api/orders',
    put: ({ app, luma, other }) => void app.post('/api/orders', pass).use(luma).post('/api/orders', other),
  },
  {
    name: 'a route behind app.post(/api/:thing) and app.use(luma)',
    at: '/api/orders',
    put: ({ app, luma, other }) => void app.post('/api/:thing', pass).use(luma).post('/api/orders', other),
  },
  {
    name: 'a route in a router behind router.all and router.use(luma)',
    at: '/api/orders',
    put: ({ app, express, luma, other }) =>
      void app.use('/api', express.Router().all('/orders', pass).use(luma).post('/orders', other)),
  },
  {
    name: 'a route below the mount point of app.use(path, luma)',
    at: '/hooks/orders',
    put: ({ app, luma, other }) => void app.use('/hooks', luma).post('/hooks/orders', other),
  },
  {
    name: "the POST of a path whose GET is luma's, and app.use(luma)",
    at: '/api/orders',
    put: ({ app, luma, other }) =>
      void app.get('/api/orders', luma).post('/api/orders', pass).use(luma).post('/api/orders', other),
  },
]
