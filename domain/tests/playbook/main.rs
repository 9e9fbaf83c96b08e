//! The playbook as data, the checks at load, expressions, and gate decisions over the built-in forty stages.

#[cfg(test)]
mod built_in;
#[cfg(test)]
mod expressions;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod gates;
