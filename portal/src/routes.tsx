import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'

import { answer, client } from './api/client'
import { isSignedOut } from './api/problem'
import { SignInPage } from './features/session/SignInPage'
import { Shell } from './features/shell/Shell'
import { paths } from './lib/paths'
import { tableView, text, type TableSearch } from './lib/search'
import { Problem } from './ui/Problem'

const root = createRootRoute()

const signIn = createRoute({
  getParentRoute: () => root,
  path: paths.signIn,
  validateSearch: (search): { next?: string } => ({ next: text(search.next)?.startsWith('/') ? text(search.next) : undefined }),
  component: SignInPage,
})

/** Everything that needs somebody signed in. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  validateSearch: (search): { namespace?: string } & TableSearch => ({
    namespace: text(search.namespace),
    ...tableView(search),
  }),
  beforeLoad: async ({ location }) => {
    try {
      await answer(client.GET('/api/v1/me'))
    } catch (error) {
      if (isSignedOut(error)) throw redirect({ to: paths.signIn, search: { next: location.href } })
      throw error
    }
  },
  component: Shell,
  errorComponent: ({ error, reset }) => <Problem error={error} retry={reset} />,
})

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: paths.releases })
  },
})

const releases = createRoute({
  getParentRoute: () => signedIn,
  path: paths.releases,
  component: lazyRouteComponent(() => import('./features/releases/ReleasesPage'), 'ReleasesPage'),
})

const addRelease = createRoute({
  getParentRoute: () => signedIn,
  path: paths.addRelease,
  component: lazyRouteComponent(() => import('./features/releases/AddReleasePage'), 'AddReleasePage'),
})

const release = createRoute({
  getParentRoute: () => signedIn,
  path: paths.release,
  component: lazyRouteComponent(() => import('./features/releases/ReleasePage'), 'ReleasePage'),
})

const repositories = createRoute({
  getParentRoute: () => signedIn,
  path: paths.repositories,
  component: lazyRouteComponent(() => import('./features/repositories/RepositoriesPage'), 'RepositoriesPage'),
})

const repository = createRoute({
  getParentRoute: () => signedIn,
  path: paths.repository,
  component: lazyRouteComponent(() => import('./features/repositories/RepositoryPage'), 'RepositoryPage'),
})

const ociRepositories = createRoute({
  getParentRoute: () => signedIn,
  path: paths.ociRepositories,
  component: lazyRouteComponent(
    () => import('./features/ociRepositories/OciRepositoriesPage'),
    'OciRepositoriesPage',
  ),
})

const services = createRoute({
  getParentRoute: () => signedIn,
  path: paths.services,
  component: lazyRouteComponent(() => import('./features/services/ServicesPage'), 'ServicesPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    signIn,
    signedIn.addChildren([releases, addRelease, release, repositories, repository, ociRepositories, services]),
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
