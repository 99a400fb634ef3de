/** Addresses of all views, in one place. */
export const paths = {
  signIn: '/sign-in',
  charts: '/k8s/helm/chart',
  releases: '/k8s/helm/release',
  addRelease: '/k8s/helm/release/add',
  release: '/k8s/helm/release/$namespace/$name',
  editRelease: '/k8s/helm/release/$namespace/$name/edit',
  repositories: '/k8s/helm/repository',
  repository: '/k8s/helm/repository/$namespace/$name',
  chart: '/k8s/helm/repository/$namespace/$name/chart/$chart',
  compareCharts: '/k8s/helm/repository/$namespace/$name/chart/$chart/compare',
  ociRepositories: '/k8s/helm/oci-repository',
  ociRepository: '/k8s/helm/oci-repository/$namespace/$name',
  ociChart: '/k8s/helm/oci-repository/$namespace/$name/chart',
  services: '/k8s/services',
  service: '/k8s/services/$namespace/$kind/$name',
} as const
