//! `node`: a process of the kill run, told by its environment where it works. For tests alone.

use testing::node::Cluster;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    Cluster::from_env().work().await;
}
