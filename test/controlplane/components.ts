import { join } from 'node:path';
import type { Credentials } from './credentials.ts';
import type { Ports } from './ports.ts';

const host = '127.0.0.1';

export const etcdArguments = (dataDir: string, ports: Ports): string[] => {
  const clientUrl = `http://${host}:${ports.etcd}`;
  const peerUrl = `http://${host}:${ports.etcdPeer}`;
  return [
    '--name=etcd',
    `--data-dir=${join(dataDir, 'etcd')}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=etcd=${peerUrl}`,
    '--log-level=warn',
    '--unsafe-no-fsync', // the data need not outlive the machine
  ];
};

/** The API server makes its own certificate in this folder, and clients trust its chain. */
export const certificateDir = (dataDir: string): string => join(dataDir, 'apiserver');
export const certificateFile = (dataDir: string): string => join(certificateDir(dataDir), 'apiserver.crt');

export const apiServerArguments = (
  dataDir: string,
  ports: Ports,
  { tokenFile, serviceAccountKeyFile }: Credentials,
): string[] => [
  `--etcd-servers=http://${host}:${ports.etcd}`,
  `--bind-address=${host}`,
  `--secure-port=${ports.apiServer}`,
  // Otherwise the API server looks for the address of a network interface, and a machine that is offline has none.
  `--advertise-address=${host}`,
  '--endpoint-reconciler-type=none', // a loopback address cannot be an endpoint of the kubernetes Service
  `--cert-dir=${certificateDir(dataDir)}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-signing-key-file=${serviceAccountKeyFile}`,
  `--service-account-key-file=${serviceAccountKeyFile}`,
  `--token-auth-file=${tokenFile}`,
  '--authorization-mode=RBAC',
  '--service-cluster-ip-range=10.0.0.0/24',
  '--shutdown-watch-termination-grace-period=1s', // otherwise a stop waits until clients end their watches
  '--allow-privileged=true', // as on every real cluster, where policies refuse such pods
  '--disable-admission-plugins=ServiceAccount', // pods need no service account to exist first
];

// There is no kubelet. The controllers that act on silent nodes and on pods of unknown nodes would therefore undo, a
// minute later, what a test set up.
const withoutControllers = [
  'node-lifecycle-controller',
  'taint-eviction-controller',
  'device-taint-eviction-controller',
  'pod-garbage-collector-controller',
  'node-ipam-controller',
];

export const controllerManagerArguments = (
  ports: Ports,
  { kubeconfig, serviceAccountKeyFile }: Credentials,
): string[] => [
  `--kubeconfig=${kubeconfig}`,
  `--bind-address=${host}`,
  `--secure-port=${ports.controllerManager}`,
  '--leader-elect=false',
  `--controllers=*,${withoutControllers.map((name) => `-${name}`).join(',')}`,
  // Pods are then created by system:serviceaccount:kube-system:replicaset-controller and the like, as on real clusters.
  '--use-service-account-credentials=true',
  `--service-account-private-key-file=${serviceAccountKeyFile}`,
];

export const schedulerArguments = (ports: Ports, { kubeconfig }: Credentials): string[] => [
  `--kubeconfig=${kubeconfig}`,
  `--bind-address=${host}`,
  `--secure-port=${ports.scheduler}`,
  '--leader-elect=false',
];
