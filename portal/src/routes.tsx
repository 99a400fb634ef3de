import {
  createRootRoute,
  createRoute,
  createRouter,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'

import { isSignedOut } from './api/problem'
import { queryClient } from './api/queryClient'
import { me } from './api/session'
import { changedRelease, newRelease, releaseView } from './features/releases/search'
import { SessionEnded } from './features/session/SessionEnded'
import { SignInPage } from './features/session/SignInPage'
import { NotFoundPage } from './features/shell/NotFoundPage'
import { Shell } from './features/shell/Shell'
import { ViewError } from './features/shell/ViewError'
import { lazyPage } from './lib/lazyPage'
import { paths } from './lib/paths'
import { rememberedNamespace } from './lib/scope'
import { inside, pageTab, tableView, text, type TableSearch } from './lib/search'
import { PagePending } from './ui/PagePending'

const root = createRootRoute()

const signIn = createRoute({
  getParentRoute: () => root,
  path: paths.signIn,
  validateSearch: (search): { next?: string } => ({ next: inside(search.next) }),
  component: SignInPage,
})

/** What every address may carry: the namespace, the view of a table, and an action that opens its dialog. */
type ViewSearch = { namespace?: string; action?: string } & TableSearch

/** Everything that needs somebody signed in. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  validateSearch: (search): ViewSearch => ({
    namespace: text(search.namespace),
    action: text(search.action),
    ...tableView(search),
  }),
  search: { middlewares: [retainSearchParams<ViewSearch>(['namespace'])] },
  beforeLoad: async ({ location, search, cause }) => {
    try {
      await queryClient.ensureQueryData(me)
    } catch (error) {
      if (isSignedOut(error)) throw redirect({ to: paths.signIn, search: { next: location.href } })
      throw error
    }
    // A bare address opens in the namespace that was chosen last.
    const namespace = rememberedNamespace()
    if (cause === 'enter' && search.namespace === undefined && namespace) {
      throw redirect({ to: location.pathname, search: { ...search, namespace }, replace: true })
    }
  },
  component: () => (
    <>
      <Shell />
      <SessionEnded />
    </>
  ),
})

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: paths.releases })
  },
})

const charts = createRoute({
  getParentRoute: () => signedIn,
  path: paths.charts,
  component: lazyPage(() => import('./features/charts/ChartsPage'), 'ChartsPage'),
})

const releases = createRoute({
  getParentRoute: () => signedIn,
  path: paths.releases,
  component: lazyPage(() => import('./features/releases/ReleasesPage'), 'ReleasesPage'),
})

const addRelease = createRoute({
  getParentRoute: () => signedIn,
  path: paths.addRelease,
  validateSearch: newRelease,
  component: lazyPage(() => import('./features/releases/AddReleasePage'), 'AddReleasePage'),
})

const release = createRoute({
  getParentRoute: () => signedIn,
  path: paths.release,
  validateSearch: releaseView,
  component: lazyPage(() => import('./features/releases/ReleasePage'), 'ReleasePage'),
})

const editRelease = createRoute({
  getParentRoute: () => signedIn,
  path: paths.editRelease,
  validateSearch: changedRelease,
  component: lazyPage(() => import('./features/releases/UpdateReleasePage'), 'UpdateReleasePage'),
})

const repositories = createRoute({
  getParentRoute: () => signedIn,
  path: paths.repositories,
  component: lazyPage(() => import('./features/repositories/RepositoriesPage'), 'RepositoriesPage'),
})

const repository = createRoute({
  getParentRoute: () => signedIn,
  path: paths.repository,
  validateSearch: pageTab,
  component: lazyPage(() => import('./features/repositories/RepositoryPage'), 'RepositoryPage'),
})

const chart = createRoute({
  getParentRoute: () => signedIn,
  path: paths.chart,
  validateSearch: (search): { version?: string; tab?: string } => ({ version: text(search.version), tab: text(search.tab) }),
  component: lazyPage(() => import('./features/charts/ChartPage'), 'ChartPage'),
})

const compareCharts = createRoute({
  getParentRoute: () => signedIn,
  path: paths.compareCharts,
  validateSearch: (search): { from?: string; to?: string } => ({ from: text(search.from), to: text(search.to) }),
  component: lazyPage(() => import('./features/charts/ComparePage'), 'ComparePage'),
})

const ociRepositories = createRoute({
  getParentRoute: () => signedIn,
  path: paths.ociRepositories,
  component: lazyPage(
    () => import('./features/ociRepositories/OciRepositoriesPage'),
    'OciRepositoriesPage',
  ),
})

const ociChart = createRoute({
  getParentRoute: () => signedIn,
  path: paths.ociChart,
  validateSearch: (search): { tab?: string } => ({ tab: text(search.tab) }),
  component: lazyPage(() => import('./features/charts/OciChartPage'), 'OciChartPage'),
})

const ociRepository = createRoute({
  getParentRoute: () => signedIn,
  path: paths.ociRepository,
  validateSearch: pageTab,
  component: lazyPage(() => import('./features/ociRepositories/OciRepositoryPage'), 'OciRepositoryPage'),
})

const service = createRoute({
  getParentRoute: () => signedIn,
  path: paths.service,
  component: lazyPage(() => import('./features/services/ServicePage'), 'ServicePage'),
})

const notFound = createRoute({
  getParentRoute: () => signedIn,
  path: '$',
  component: NotFoundPage,
})

const services = createRoute({
  getParentRoute: () => signedIn,
  path: paths.services,
  component: lazyPage(() => import('./features/services/ServicesPage'), 'ServicesPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    signIn,
    signedIn.addChildren([
      charts,
      releases,
      addRelease,
      release,
      editRelease,
      repositories,
      repository,
      chart,
      compareCharts,
      ociRepositories,
      ociChart,
      ociRepository,
      service,
      services,
      notFound,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: ViewError,
  defaultPendingComponent: PagePending,
  defaultPendingMs: 200,
  defaultNotFoundComponent: NotFoundPage,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
