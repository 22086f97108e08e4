"""What front ends suggest while somebody fills in a parameter."""
